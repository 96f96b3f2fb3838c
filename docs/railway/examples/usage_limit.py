"""A mail at 50 dollars in a billing period, and a stop of every service of the workspace at 200."""

import pulumiverse_railway as railway

railway.UsageLimit("workspace", soft_limit_dollars=50, hard_limit_dollars=200)
