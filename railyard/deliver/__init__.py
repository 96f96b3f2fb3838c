"""From a reviewed change to what runs: plan, deploy, drift, images, and the messages to GitHub and a chat."""
