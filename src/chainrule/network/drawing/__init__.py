"""Pictures of networks at every level of detail, tables of shapes, and pictures of pictures."""
