"""What Python computes with numbers, for numbers known only at run time: what the capture families are made of."""
