"""`make doctor`: looks at machine and checkout, and says of each finding what to do about it.

It works before anything is set up, and with the Python of an old system, so that it can say that
this one is too old: no module here needs more than the standard library of Python 3.8.
"""
