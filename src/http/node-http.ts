/**
 * Node's HTTP. Not by `import`, which evaluates every export: that of WebSocket loads a whole client with HTTP/2, for
 * 13 MB of memory and a fifth of the time that a start takes. `node:https` and `node:tls` are taken in the same way,
 * where they are used.
 */
export const http = process.getBuiltinModule('node:http')
