DIFFERENCES = []
def readme(*_): return ""
