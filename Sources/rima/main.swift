print("rima")
