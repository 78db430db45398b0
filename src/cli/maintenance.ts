import { z } from 'zod'
import { argument, type Command, type Input, type Output } from './command.ts'
import { table } from './table.ts'

const status = z.object({
  jobs: z.array(
    z.object({
      name: z.string(),
      state: z.string(),
      done: z.number(),
      finished: z.string().optional(),
      error: z.string().optional(),
    }),
  ),
  failures: z.array(
    z.object({
      job: z.string(),
      item: z.string(),
      attempts: z.number(),
      next: z.string(),
      message: z.string(),
    }),
  ),
})

export const commands: readonly Command[] = [
  {
    words: 'maintenance show',
    summary: 'Show background work, how far it is, and what failed.',
    run: show,
  },
  {
    words: 'maintenance run',
    arguments: ['JOB'],
    summary: 'Begin a run of a job now.',
    run: begin,
  },
]

async function show({ context }: Input): Promise<Output> {
  const api = await context.api()
  const value = await api.call(status, 'GET', '/api/v1/maintenance')
  const jobs = value.jobs.map(({ name, state, done, finished, error }) => [
    name,
    state,
    String(done),
    finished ?? '',
    error ?? '',
  ])
  const failures = value.failures.map(({ job, item, attempts, next, message }) => [
    job,
    item,
    String(attempts),
    next,
    message,
  ])
  const text = `${table(['JOB', 'STATE', 'DONE', 'LAST RUN', 'ERROR'], jobs, 'No jobs.')}\n\n${table(
    ['JOB', 'FAILED', 'ATTEMPTS', 'TRIED AGAIN', 'WHY'],
    failures,
    'Nothing failed.',
  )}`
  return { value, text }
}

async function begin(input: Input): Promise<Output> {
  const name = argument(input, 0)
  const api = await input.context.api()
  await api.call(z.unknown(), 'POST', `/api/v1/maintenance/${encodeURIComponent(name)}/run`)
  return {
    value: { begun: name },
    text: `A run of ${name} begins; \`lamina maintenance show\` says how far it is.`,
  }
}
