import { z } from 'zod'

/** Fields that several bodies share. What a name or password may be is the domain's to say. */

export const nameText = z.string().min(1).max(255)
export const passwordText = z.string().max(4096)
/** Days until something ends: at most ten years. */
export const days = z.number().int().min(1).max(3650)
