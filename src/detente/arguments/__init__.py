"""The arguments of the commands, a module a group. They import nothing heavy: ``detente --help`` answers at once."""
