"""Commands on the SIM: doctor, objects, apdu, random, csr, sign."""
