/** The languages there are, each as its speakers call it: its texts are in the file of that name. */
export const LANGUAGES = { en: "English", ko: "한국어" };
