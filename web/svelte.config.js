// Runes everywhere: state is declared where it is, and the compiler refuses the older, implicit form.
export default { compilerOptions: { runes: true } };
