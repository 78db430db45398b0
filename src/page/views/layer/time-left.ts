/** How much of a layer had been read at a moment, in milliseconds since any. */
export interface Progress {
  readonly at: number
  readonly read: number
}

/** Reading that has been watched for less says nothing of its speed, in milliseconds. */
const WATCHED = 1500

/** Seconds that the rest of `size` bytes will take at the speed since `first`; undefined while that is not known. */
export function secondsLeft(first: Progress, now: Progress, size: number): number | undefined {
  const [milliseconds, bytes] = [now.at - first.at, now.read - first.read]
  if (milliseconds < WATCHED || bytes <= 0) return undefined
  return Math.ceil(((Math.max(0, size - now.read) / bytes) * milliseconds) / 1000)
}

/** `about 20 seconds left`: no more exact than it can be. */
export function leftText(seconds: number): string {
  if (seconds < 5) return 'a few seconds left'
  if (seconds < 55) return `about ${Math.ceil(seconds / 5) * 5} seconds left`
  const minutes = Math.round(seconds / 60)
  return minutes <= 1 ? 'about a minute left' : `about ${minutes} minutes left`
}
