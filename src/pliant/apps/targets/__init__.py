"""What a model can be built for that is no engine of pliant's: one file each, found by its name."""
