"""Pure statistics: tables and arrays in, frozen dataclasses out. No database, no disk, no clock."""
