/** Gives the W3C traceparent of the work under way, for stores that send it along; undefined when none is traced. */
export type TraceContext = () => string | undefined
