import http2 from 'node:http2'
import net from 'node:net'
import { buffer } from 'node:stream/consumers'

/** How the runtime ended a call: 0 is well, as gRPC counts. */
export interface Called {
  readonly status: number
  readonly message: string
  readonly answer: Buffer
}

/** The credential of a pull, as a kubelet takes it out of a secret of type kubernetes.io/dockerconfigjson. */
export interface PullCredential {
  readonly username: string
  readonly password: string
}

/**
 * Has a container runtime pull an image as a kubelet does: PullImage of the Container Runtime Interface, gRPC over its
 * socket, written by hand because what speaks it otherwise (crictl) takes minutes to build.
 */
export async function pullByKubelet(
  socket: string,
  image: string,
  { username, password }: PullCredential,
): Promise<Called> {
  const message = Buffer.concat([
    field(1, field(1, Buffer.from(image))),
    field(2, Buffer.concat([field(1, Buffer.from(username)), field(2, Buffer.from(password))])),
  ])
  return call(socket, '/runtime.v1.ImageService/PullImage', message)
}

async function call(socket: string, path: string, message: Buffer): Promise<Called> {
  const session = http2.connect('http://localhost', { createConnection: () => net.connect(socket) })
  try {
    const request = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
    })
    const head = Buffer.alloc(5)
    head.writeUInt32BE(message.length, 1)
    request.end(Buffer.concat([head, message]))
    let end: http2.IncomingHttpHeaders = {}
    const take = (headers: http2.IncomingHttpHeaders): void => {
      if (headers['grpc-status'] !== undefined) end = headers
    }
    request.on('response', take)
    request.on('trailers', take)
    const body = await buffer(request)
    return {
      status: Number(end['grpc-status'] ?? -1),
      message: decodeURIComponent(String(end['grpc-message'] ?? '')),
      answer: body.subarray(head.length),
    }
  } finally {
    session.close()
  }
}

/** A field of a protocol buffer that has a length. */
function field(number: number, content: Buffer): Buffer {
  const length: number[] = []
  for (let rest = content.length; length.length === 0 || rest > 0; rest = Math.floor(rest / 128))
    length.push((rest % 128) + (rest >= 128 ? 128 : 0))
  return Buffer.concat([Buffer.from([number * 8 + 2, ...length]), content])
}
