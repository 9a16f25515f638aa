"""From a module and example arguments to an audited artifact. The public door is `pliant.export`.

The package is not called `export`, because `pliant.export` is the function.
"""
