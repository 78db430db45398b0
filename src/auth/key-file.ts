import { z } from 'zod'

/** The JSON file that a service account's holder keeps, and that `_json_key` logins send whole as password. */
export interface KeyFile {
  readonly type: typeof TYPE
  readonly project: string
  readonly account: string
  /** Login name for clients that cannot send the file: `demo+ci`. */
  readonly user: string
  readonly secret: string
}

const TYPE = 'lamina_service_account'
const schema = z.object({
  type: z.literal(TYPE),
  project: z.string(),
  account: z.string(),
  user: z.string(),
  secret: z.string(),
})

export function makeKeyFile(project: string, account: string, secret: string): KeyFile {
  return { type: TYPE, project, account, user: `${project}+${account}`, secret }
}

/** The key file in `text`, whatever its white space; undefined when it is none. */
export function parseKeyFile(text: string): KeyFile | undefined {
  try {
    const parsed = schema.safeParse(JSON.parse(text))
    return parsed.success ? parsed.data : undefined
  } catch {
    return undefined
  }
}
