"""Components for programs in other languages: a Pulumi package whose provider makes them."""
