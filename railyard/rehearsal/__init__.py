"""The whole road of a change, walked with the real commands in a throw-away copy of the project (``make demo``).

``project_copy`` owns the copy, its simulated clouds and what is counted; ``dashboard_and_webhook`` what others do to
them; ``rehearsal`` the road. Nothing here is a part of Railyard: it only calls what people call.
"""
