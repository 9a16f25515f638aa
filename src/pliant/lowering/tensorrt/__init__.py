"""TensorRT: what it accepts, what it is told about ranges, and how its engines are built and run."""
