"""`/ws`: the WebSocket handler, the jobs behind a socket, and the chats that outlive one."""
