"""The steps of deid: gather what the sources say of each person, plan names, make files, keep an audit."""
