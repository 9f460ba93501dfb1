/** The types of AssemblyScript in the files of `assembly/` that TypeScript imports too: constants, all of them. */
declare type u32 = number;
declare type f64 = number;
