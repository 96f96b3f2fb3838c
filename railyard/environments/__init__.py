"""Review environments: a stack for one pull request, made from the settings of another one, and gone by itself."""
