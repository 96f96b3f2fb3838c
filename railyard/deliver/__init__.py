"""From a reviewed change to what runs: plan, deploy, drift, images, and what GitHub and a chat are told."""
