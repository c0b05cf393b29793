"""One trial's evidence as typed files in a folder. Knows files, nothing of stages."""
