"""Commands of the command line, one per file; the file name is the command, `COMMAND` in it the click command.

A file imports nothing but click at the top, because the help of the group imports all of them.
"""
