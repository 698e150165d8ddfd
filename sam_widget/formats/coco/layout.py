"""What the writer and the reader of COCO files agree on.

Written are compressed run-length codes, which every reader of COCO files gives back to the pixel,
or polygons on request. A polygon of COCO is a ring without holes; ours reach each hole by a
bridge, two coinciding lines, so that ``pycocotools`` still draws the very mask. Readers that draw
with OpenCV or Pillow count the outline as inside: they close one-pixel holes and widen the mask by
up to a pixel. Each annotation also keeps what this package knows of it, under the key
``sam_widget``.

Datumaro reads the same file: from ``annotations/instances_NAME.json``, the images in
``images/NAME/``.

References
----------
.. [1] Lin et al., "Microsoft COCO: Common Objects in Context", ECCV 2014; the data format page
   of the COCO site.
"""

SUFFIX = ".coco.json"
UNLABELLED = "object"
"""Category of objects without a label: COCO has none without a category."""
