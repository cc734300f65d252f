import subprocess


def build():
    subprocess.run(["sh", "build.sh"], check=True)
