"""Objects as files for other programs: of one image or a series, never over what is not ours."""

from sam_widget.session.export.exporting import export_image, export_series
from sam_widget.session.export.saving import Exported, ImageToSave, save_series

__all__ = ["Exported", "ImageToSave", "export_image", "export_series", "save_series"]
