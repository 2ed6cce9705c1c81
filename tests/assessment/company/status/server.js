const app = require("express")();
app.get("/healthz", (_, answer) => answer.send("ok"));
app.listen(process.env.PORT || 3000);
