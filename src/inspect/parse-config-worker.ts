import { answerTasks } from '../../storage/side-thread.ts'
import { parseImageConfig } from './image-config.ts'
import type { ConfigWork } from './parse-config.ts'

/** The other side of parse-config.ts. */
answerTasks<ConfigWork>((bytes) => parseImageConfig(bytes))
