"""What surrounds the views: header, legend, dialogs, and the strip of the selected model."""
