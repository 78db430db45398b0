/**
 * Runs `work` so that nobody else may read the files that it makes, whoever made the directory that they are in: records
 * hold password hashes and signing keys.
 */
export async function privately<Result>(work: () => Promise<Result>): Promise<Result> {
  const mask = process.umask(0o077)
  try {
    return await work()
  } finally {
    process.umask(mask)
  }
}
