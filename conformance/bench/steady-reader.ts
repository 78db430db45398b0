import { Agent, request } from 'node:http'
import { performance } from 'node:perf_hooks'
import { IMAGE, REPOSITORY, type Subject } from './subject.ts'

/** Milliseconds between two requests: far below what the server can do, as from clients that come when they come. */
const EVERY_MS = 5

/** Somebody who asks for a manifest at a steady rate, whether or not earlier answers are there. */
export class SteadyReader {
  readonly #subject: Subject
  readonly #agent = new Agent({ keepAlive: true })

  constructor(subject: Subject) {
    this.#subject = subject
  }

  /** Milliseconds of each answer until `work` ends. Rejects with what `work` or a request fails with. */
  async during(work: Promise<unknown>): Promise<readonly number[]> {
    const times: number[] = []
    const answers: Promise<void>[] = []
    const timer = setInterval(() => {
      answers.push(this.#get().then((time) => void times.push(time)))
    }, EVERY_MS)
    try {
      await work
    } finally {
      clearInterval(timer)
    }
    await Promise.all(answers)
    return times
  }

  close(): void {
    this.#agent.destroy()
  }

  async #get(): Promise<number> {
    const begun = performance.now()
    while (!(await this.#answered()));
    return performance.now() - begun
  }

  /** False: the server closed the connection before it saw the request, as it may while one waits for the next. */
  #answered(): Promise<boolean> {
    const { url, headers } = this.#subject
    const options = { agent: this.#agent, headers: { accept: IMAGE, ...headers } }
    return new Promise((resolve, reject) => {
      const sent = request(`${url}/v2/${REPOSITORY}/manifests/v1`, options, (response) => {
        response.resume()
        response.on('end', () => {
          if (response.statusCode === 200) resolve(true)
          else reject(new Error(`GET of a manifest answered ${response.statusCode}`))
        })
      })
      sent.on('error', (error) => {
        if (sent.reusedSocket && 'code' in error && error.code === 'ECONNRESET') resolve(false)
        else reject(error)
      })
      sent.end()
    })
  }
}
