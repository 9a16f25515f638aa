"""What people and programs use: it joins engines, imaging and media."""
