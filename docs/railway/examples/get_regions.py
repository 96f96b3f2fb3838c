"""Refuses a region that Railway is about to give up, before anything is changed."""

import pulumiverse_railway as railway

region = "us-west2"
known = railway.get_regions()
if region not in known.names:
    raise ValueError(f"{region} is no region of Railway any more; there are {', '.join(known.names)}")
