/** The public page: the server writes it; this has its styles, and follows the machine to the dark theme. */

import { applyTheme } from "$shared/theme";
import "./performance.css";

applyTheme();
