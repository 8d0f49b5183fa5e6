// Nominal types over primitives: a Term is not a LogIndex although both are numbers.

declare const brand: unique symbol;

/** `T` that only code which names `Name` can make; costs nothing at run time. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };
