import type { Packages } from '../../api/schema.generated.ts'
import { visibleText } from '../../format.ts'
import { missingText } from './index-states.ts'

/** What was not read of an image's packages, each as a sentence without its end: whatever it lists is not told. */
export function packageGaps(
  image: Parameters<typeof missingText>[0],
  { missing, unread }: Pick<Packages, 'missing' | 'unread'>,
  of = '',
): readonly string[] {
  return [
    ...missing.map((one) => missingText(image, one, of)),
    ...unread.map(
      ({ path, layer }) => `${visibleText(path)} of layer ${layer + 1}${of} is too large, or no list`,
    ),
  ]
}
