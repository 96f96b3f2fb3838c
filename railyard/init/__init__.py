"""The command ``init``: a project of its own for an application, which depends on Railyard as installed packages."""
