"""Files that hold many pictures: archives and tables. Nothing of them is unpacked to the disk."""
