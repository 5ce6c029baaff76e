"""From a prompt to the text of a reply: streamed, or sentence by sentence with the planner's score choosing."""
