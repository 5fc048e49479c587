"""An operator's spreadsheet to a draft of a task list, with a note wherever something was unclear."""
