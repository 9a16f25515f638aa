"""The version of the package, in a place that anything may import."""

VERSION = "0.1.0"
