"""placeholder"""
def report(rows): return ""
def overview(rows): return ""
def put_between_markers(a,b): pass
