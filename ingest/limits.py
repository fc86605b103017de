"""How much of a hostile or huge file is read before it is refused."""

MAX_FILE_BYTES = 50 * 2**20
MAX_TEXT_CHARS = 5_000_000
"""Of one document once it is text."""
MAX_PAGES = 2000
MAX_ROWS = 100_000
MAX_COLUMNS = 200
MAX_CELLS = 1_000_000
MAX_PASSAGES = 20_000
MAX_ZIP_BYTES = 200 * 2**20
"""Of all members of an archive together, as declared and as unpacked."""
MAX_ZIP_RATIO = 100
MAX_ZIP_MEMBERS = 5000
MEMORY_BYTES = 2 * 2**30
CPU_SECONDS = 60
WALL_SECONDS = 90.0
